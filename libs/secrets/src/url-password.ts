/** Settings may be URLs, which are secret only for the password that they may hold. */
export function isUrl(value: string): boolean {
  return /^[a-z][a-z\d+.-]*:\/\//i.test(value) && URL.canParse(value);
}

export function passwordIn(url: string): string | undefined {
  const { password, searchParams } = new URL(url);
  if (password === '') return searchParams.get('password') ?? undefined;
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
}
