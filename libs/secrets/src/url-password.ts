/** Some settings are URLs, and secret only for the password that they may hold. By the name: any text may look like one. */
export function isUrlSetting(name: string): boolean {
  return /_URL(_|$)/.test(name);
}

export function passwordIn(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { password, searchParams } = new URL(url);
  if (password === '') return searchParams.get('password') ?? undefined;
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
}
