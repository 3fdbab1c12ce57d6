import { crc32 } from 'node:zlib';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A key with a good checksum, as another Gatehouse may have issued it. */
export function mintForeignKey(): string {
  const body = `gk_${Array.from({ length: 33 }, () => DIGITS.charAt(Math.floor(Math.random() * 62))).join('')}`;
  let checksum = '';
  for (let rest = crc32(body); checksum.length < 6; rest = Math.floor(rest / 62))
    checksum = DIGITS.charAt(rest % 62) + checksum;
  return body + checksum;
}
