/** First digits and lengths of the payment cards in use (ISO/IEC 7812). */
const BRANDS = [
  /^4\d{12}(?:\d{3}){0,2}$/, // Visa: 13, 16, 19
  /^(?:5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720))\d+$/, // Mastercard
  /^3[47]\d{13}$/, // American Express
  /^(?:6011|65|64[4-9]|62|81)\d{10,17}$/, // Discover, UnionPay
  /^(?:30[0-5]|36|38|39)\d{11,14}$/, // Diners
  /^35(?:2[89]|[3-8])\d{12,15}$/, // JCB
  /^(?:50|5[6-9]|6[37])\d{14,17}$/, // Maestro
];

/** Whether these digits are the number of a payment card: of a known issuer, and with the right check digit (Luhn). */
export function isCardNumber(digits: string): boolean {
  return BRANDS.some((brand) => brand.test(digits)) && passesLuhn(digits);
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const counted = i % 2 === 0 ? digit : digit * 2;
    sum += counted > 9 ? counted - 9 : counted;
  }
  return sum % 10 === 0;
}
