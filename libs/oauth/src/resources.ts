import { Injectable } from '@nestjs/common';
import { PublicUrl } from './public-url.ts';

/** What tokens are for (RFC 8707): the API, and MCP as a part of it. */
@Injectable()
export class Resources {
  constructor(private readonly url: PublicUrl) {}

  get issuer(): string {
    return `${this.url.publicUrl}/oauth`;
  }

  get api(): string {
    return this.url.publicUrl;
  }

  get mcp(): string {
    return `${this.url.publicUrl}/mcp`;
  }

  /** The audience that a resource indicator stands for; undefined where it is none of ours. */
  audienceOf(indicator: string): string | undefined {
    // URL parsers write a host without a path with a slash (RFC 3986, section 6.2.3).
    return [this.api, this.mcp].find((resource) => indicator === resource || indicator === `${resource}/`);
  }
}
