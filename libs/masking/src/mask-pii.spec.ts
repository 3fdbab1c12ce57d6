import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { processorTime } from '#testing';
import { maskPii } from './mask-pii.ts';

/** One text a line; what is personal stands in brackets. */
const personal = `
  Write to [jane.doe@example.com] today
  [JANE@EXAMPLE.ORG] is hers
  Mail <[a.b+tag@mail.example.co.uk]>, please
  mailto:[bob@example.com]
  "[o'brien@example.ie]" wrote
  [x_1-2%3@sub.sub2.example.museum].
  [josé@example.es] and [用户@例子.公司]
  cc: [a@b.co],[c@d.io];[e@f.dev]
  [user@xn--bcher-kva.example]
  email=[jo@example.net]&x=1
  Call [408-247-8880] now
  Call [(212) 415-5788] now
  [408.247.8880]
  [408 247 8880]
  [1-800-356-9377]
  [1 (415) 555-2671]
  [(415)555-2671]
  [415/555-2671]
  [415-555-2671 ext 12]
  [+1 415-563-0800]
  [+1 (415) 563-0800]
  [+14155630800]
  [+1.415.563.0800]
  [+44 20 7493 4545]
  [+44 (0)20 7493 4545]
  [+442074934545]
  [+33 1 84 82 49 09]
  [+49 30 901820]
  [+49 (0) 30 / 901820]
  [+61 2 9102 2828]
  [+60 3-2268 3888]
  [+254 709 716000]
  [+91 98765 43210]
  [+86 138 0013 8000]
  [+81-3-1234-5678]
  [+55 11 91234-5678]
  [+7 (495) 123-45-67]
  [+353 1 234 5678]
  [+41 44 668 18 00]
  [+39 06 6982]
  [+971 4 123 4567]
  [020 7946 0958]
  [(020) 7946 0958]
  [07700 900123]
  [06 12 34 56 78]
  [01 40 62 05 00]
  [030 12345678]
  [0221/1234567]
  [0171-1234567]
  [089 123 456 78]
  Phone: [4155552671]
  Their phone number is [55 5395 4586]
  Call me at [1 40 62 05 00].
  call [5552671] tonight
  My number is [1793 414926].
  You can reach her at [12-559 9034]
  tel. [2 8765 2000]
  Fax [030-901820]
  WhatsApp [4917612345678]
  text me on [07911 123456]
  mobile [0412 345 678]
  contact them at [01.40.62.05.00]
  tel:[+14155630800]
  dial [555-2671] for help
  Cell: [(415)5552671]
  their number is [212-4155788]
  SSN [123-45-6789]
  SSN: [123456789]
  my social security number is [123 45 6789]
  [123-45-6789]
  [536 90 4399] is mine
  card [4111 1111 1111 1111]
  [4111-1111-1111-1111]
  [4111111111111111]
  [5555 5555 5555 4444]
  [2223003122003222]
  [378282246310005]
  [3782 822463 10005]
  [6011 1111 1111 1117]
  [3530 1113 3330 0000]
  [30569309025904]
  [6200 0000 0000 0005]
  IBAN [DE89 3704 0044 0532 0130 00]
  [GB82WEST12345698765432]
  [gb82 west 1234 5698 7654 32] is it
  [FR14 2004 1010 0505 0001 3M02 606]
  [NL91 ABNA 0417 1643 00], thanks
  [CH93 0076 2011 6238 5295 7].
  [MT84 MALT 0110 0001 2345 MTLC AST0 01S]
  [NO93 8601 1117 947]
  from [192.168.1.10]
  [8.8.8.8], [1.1.1.1]
  host [203.0.113.7]:8080
  http://[198.51.100.23]/x
  [2001:db8::8a2e:370:7334]
  [2001:0db8:85a3:0000:0000:8a2e:0370:7334]
  [fe80::1] is local
  [::ffff:192.0.2.1]
  Passport number: [C01234567]
  passport no. [AB1234567]
  Passport #[123456789]
  Phone [55 5395 4586] or [55 5395 4587]
  My number is [4155552671], [4155552672] and [4155552673]
`;

/** Numbers, names and signs that are nobody's. */
const nobodys = `
  @jane mentioned you
  npm i @nestjs/common@12.5.1
  user@localhost
  git@github:org/repo
  look @ this at 5@once
  a@b
  Price @ $5.00 each
  foo@bar@baz
  000-12-3456
  666-12-3456
  123-00-4567
  123-45-0000
  912-34-5678
  part 123-456-789
  4111 1111 1111 1112
  1234567890123456
  order 4000000000000001
  9999 9999 9999 9999
  DE89 3704 0044 0532 0130 01
  GB00WEST12345698765432
  ISO9001 certified 2015 2016 2017
  127.0.0.1 and ::1
  0.0.0.0:8000
  version v1.2.3.4
  1.2.3.4.5
  256.1.1.1
  1.2.3
  std::vector
  10:30:45
  00:1A:2B:3C:4D:5E
  passport photos: 2 copies
  the passport office opens 09:00
  2024-01-15
  15/01/2024 or 01.02.2024
  01-02-2024
  01 02 2024
  2024-01-15T10:00:00Z
  2024-01-15 10:00:00.123
  20240115
  born 1/2/1980 at 10:30
  11:30 am and 6:30 pm
  1700000000
  1700000000000
  order #1234567890
  Order number 1234567890
  confirmation number 8429105736
  invoice INV-2024-001234
  tracking 1Z999AA10123456784
  ISBN 978-3-16-148410-0
  ISBN 0-306-40615-2
  EAN 4006381333931
  550e8400-e29b-41d4-a716-446655440000
  urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6
  sha 9f86d081884c7d659a2feaa0c55ad015
  1,000,000
  1.000.000
  $1,234,567.89
  € 1.234.567,89
  Your balance is $20,894.39
  3.14159265358979
  1e10 and 1234567.1234567
  377 Santana Row #1000
  1517 21st Street
  123-01 Roosevelt Avenue
  56-15 Northern Boulevard
  11100 San Pablo Ave # 207
  San Jose, CA 95128-1234
  postal code 10115
  Room 4045, floor 12
  seats 12-15
  2019-2024
  pages 100-200 and 300-400
  ratio 16:9 at 1920x1080
  48.858370, 2.294481
  temperature -12.5 to +25.5
  +1,000,000 views
  GMT+1 2024
  +5 -3 +10
  call 911
  dial 112 now
  Call me at 10:30 on 12/05/2024
  phone costs $1,299.00
  the phone has 128 GB and 5000 mAh
  contact us before 2024-01-15
  call me on 01.02.2024
  reach 10000000 users
  text 12 of 2024
  Chrome/120.0.6099.109
  libfoo 1.22.333.4444
  10000000000
  item 12345678901
  1 2 3 4 5 6 7 8 9 10
  2 + 2 = 4, 10 - 3 = 7
  chapter 3.1.4.1.5
  CVE-2021-44228
  RFC 9110 and RFC 3339
  flight UA 1234 at gate 22
  12 345 678 people
  score 21-14 21-17
  10.0.2 to 10.0.3
  job 2024.01.15.123
  id 64f1c2a9e4b0c8a1d2f3e4b5
  /users/4155552671/orders
  ?id=4155552671
  0.1234567890
  0x1234567890
  001-234-5678
  ext 1234567
  my sister called 2 of 10
  It cost me +20 in 2024
  Phone model 128
  call me [PHONE] 5
  the [SSN] of 123
`;

function linesOf(table: string): string[] {
  return table
    .trim()
    .split('\n')
    .map((line) => line.trim());
}

/** What a person would mask, with the kind left open. */
function expected(line: string): string {
  return line.replace(/\[[^\]]+\]/g, '[]');
}

describe('maskPii', () => {
  it.each(linesOf(personal))('masks %s', (line) => {
    const masked = maskPii(line.replace(/[[\]]/g, ''));
    expect(masked.replace(/\[[A-Z_]+\]/g, '[]')).toBe(expected(line));
  });

  it.each(linesOf(nobodys))('leaves %s', (line) => expect(maskPii(line)).toBe(line));

  it.each([
    ['jane@example.com', '[EMAIL]'],
    ['+1 415 563 0800', '[PHONE]'],
    ['123-45-6789', '[SSN]'],
    ['4111 1111 1111 1111', '[CREDIT_CARD]'],
    ['DE89 3704 0044 0532 0130 00', '[IBAN]'],
    ['203.0.113.7', '[IP_ADDRESS]'],
    ['passport no. C01234567', 'passport no. [PASSPORT]'],
  ])('names the kind of %s', (text, masked) => expect(maskPii(text)).toBe(masked));

  it('changes nothing the second time, and breaks no character', () => {
    const pieces = fc.constantFrom(
      ...linesOf(personal).flatMap((line) => line.replace(/[[\]]/g, '').split(' ')),
      ...linesOf(nobodys).flatMap((line) => line.split(' ')),
      'phone',
      'call me at',
      'my number is',
      'ssn',
      '@',
      '+',
      '(',
      ')',
      '-',
      '.',
      '/',
      ':',
      '0',
      '1',
      '😀',
      'é',
      '\n',
      '[PHONE]',
      '[SSN]',
    );
    const text = fc
      .array(fc.tuple(pieces, fc.constantFrom('', ' ', ' ', ', ', '-')), { maxLength: 14 })
      .map((all) => all.flat().join(''));
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: 'binary', maxLength: 60 })), (given) => {
        const once = maskPii(given);
        expect(maskPii(once)).toBe(once);
        expect(once.isWellFormed()).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    '@',
    'a@',
    'a@b.',
    '1',
    '1 ',
    '1-',
    '+1',
    '+1 ',
    '1.',
    '1:',
    'a:',
    'DE89 ',
    'AA11A',
    'phone ',
    'call me at ',
    '(',
    '4111 ',
    '0',
    '01 ',
    'passport ',
    'ssn ',
    'my number ',
    '::',
  ])('takes time in proportion to the length of a text of %j', (piece) => {
    const time = (length: number): number => {
      const text = piece.repeat(length / piece.length);
      return processorTime(() => maskPii(text));
    };
    time(20_000);
    // A text sixteen times as long takes about sixteen times as long; were it the square, 256 times.
    expect(time(320_000)).toBeLessThan(100 * Math.max(time(20_000), 2));
  });
});
