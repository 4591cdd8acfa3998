// Text for the terminal. What servers and clients wrote never reaches it with control or direction characters alive.
const UNSAFE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/gu

function escaped(character: string): string {
  const hex = character.codePointAt(0)!.toString(16)
  return hex.length <= 4 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`
}

/** Safe to print; line breaks and tabs stay. */
export function printable(text: string): string {
  return text.replaceAll(UNSAFE, escaped)
}

/** Safe to print on one line. */
export function oneLine(text: string): string {
  return printable(text).replaceAll(/\s*[\n\t]\s*/g, ' ')
}

/** JSON text that means the same and is safe to print. */
export function printableJson(json: string): string {
  return json.replaceAll(UNSAFE, character =>
    [...Array(character.length).keys()]
      .map(at => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** One JSON value on stdout. */
export function sayJson(value: unknown): void {
  say(printableJson(JSON.stringify(value, null, 2)))
}

/** Columns, left aligned, two spaces apart; each cell on one line. Nothing to show: the given words. */
export function sayTable(head: string[], rows: string[][], ifEmpty: string): void {
  const lines = [head, ...rows].map(row => row.map(oneLine))
  const widths = head.map((_, column) => Math.max(...lines.map(row => [...(row[column] ?? '')].length)))
  if (rows.length === 0) say(ifEmpty)
  for (const row of rows.length === 0 ? [] : lines) {
    const cells = row.map((cell, column) => cell + ' '.repeat(widths[column]! - [...cell].length))
    say(cells.join('  ').trimEnd())
  }
}

/** `14:05:09`, or with its date when it is another day. */
export function clock(time: number, now = Date.now()): string {
  const iso = new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString()
  const day = (t: number) => new Date(t).toDateString()
  return day(time) === day(now) ? iso.slice(11, 19) : `${iso.slice(0, 10)} ${iso.slice(11, 19)}`
}
