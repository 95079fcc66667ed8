/**
 * Text that can be recorded: PostgreSQL has no place for NUL, nor its JSON for half a surrogate pair, which a cut through an emoji
 * leaves over. Each becomes a replacement character.
 */
export function toRecordedText(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd').replaceAll('\u0000', '\ufffd');
}
