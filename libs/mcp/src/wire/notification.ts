/** The JSON text of a notification. */
export function notificationMessage(method: string, params?: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ jsonrpc: '2.0', method, params });
}
