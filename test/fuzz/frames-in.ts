/** What a server has sent, frame by frame. Throws where it is no WebSocket frame of a server (RFC 6455, section 5.1). */
export interface Spoken {
  readonly texts: readonly string[];
  /** Set once it has said farewell; 1005 where it gave no code. */
  readonly closeCode: number | undefined;
}

export function framesIn(bytes: Buffer): Spoken {
  const texts: string[] = [];
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let at = 0; at + 2 <= bytes.length;) {
    const [first, second] = [bytes[at]!, bytes[at + 1]!];
    const opcode = first & 0x0f;
    if ((first & 0x70) !== 0 || (second & 0x80) !== 0) throw new Error('A frame of the server is not sound');
    let length = second & 0x7f;
    let head = 2;
    if (length === 126) {
      if (at + 4 > bytes.length) break;
      length = bytes.readUInt16BE(at + 2);
      head = 4;
    } else if (length === 127) {
      if (at + 10 > bytes.length) break;
      length = Number(bytes.readBigUInt64BE(at + 2));
      head = 10;
    }
    const begin = at + head;
    if (begin + length > bytes.length) break;
    const payload = bytes.subarray(begin, begin + length);
    if ((first & 0x80) === 0) throw new Error('A message of the server is fragmented');
    if (opcode === 1) texts.push(decoder.decode(payload));
    else if (opcode === 8) return { texts, closeCode: length >= 2 ? payload.readUInt16BE(0) : 1005 };
    else if (opcode !== 9 && opcode !== 10)
      throw new Error(`The server has sent a frame of opcode ${opcode}`);
    at = begin + length;
  }
  return { texts, closeCode: undefined };
}
