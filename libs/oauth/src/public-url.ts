/** Where clients reach the gateway: known once it listens. */
export abstract class PublicUrl {
  /** Without a slash at its end. */
  abstract get publicUrl(): string;
}
