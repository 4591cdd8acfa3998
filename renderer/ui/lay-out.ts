// JSON text with line breaks and indents, all else as it came.

/** Indents by the text itself: JSON.parse would round big numbers. Strings are copied as they are. */
export function layOut(text: string): string {
  try {
    JSON.parse(text)
  } catch {
    return text
  }
  let out = ''
  let depth = 0
  const line = () => `\n${'  '.repeat(depth)}`
  for (const [piece] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    if (piece === '{' || piece === '[') {
      depth++
      out += piece + line()
    } else if (piece === '}' || piece === ']') {
      depth--
      out = /[{[]\s*$/.test(out) ? out.trimEnd() + piece : out + line() + piece
    } else if (piece === ',') out += piece + line()
    else if (piece === ':') out += ': '
    else out += piece
  }
  return out
}
