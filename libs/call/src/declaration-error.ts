/** What is offered does not say what it is, or says what can't be: for the programmer, who reads which and why in a line each. */
export class DeclarationError extends Error {
  override readonly name = 'DeclarationError';
}
