import sanitize from 'sanitize-html';

/** Plain formatting, and links that leave: nothing that runs, loads or styles. */
const allowed: sanitize.IOptions = {
  allowedTags: ['a', 'b', 'blockquote', 'br', 'code', 'em', 'i', 'li', 'ol', 'p', 'pre', 'strong', 'u', 'ul'],
  allowedAttributes: { a: ['href', 'rel'] },
  allowedSchemes: ['https', 'http', 'mailto'],
  allowProtocolRelative: false,
  // A page that a stranger links to must not reach the one that it was opened from.
  transformTags: { a: sanitize.simpleTransform('a', { rel: 'noopener noreferrer nofollow' }) },
  nestingLimit: 20,
};

/**
 * The HTML that is left of a text once everything that could run in a browser is out (requirements 4). For what is
 * stored to be shown as HTML, and for nothing else: what goes to a tool or is signed must stay as it is.
 */
export function sanitizeHtml(html: string): string {
  return sanitize(html, allowed);
}
