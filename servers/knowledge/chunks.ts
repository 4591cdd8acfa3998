// A text in pieces that a model can read at once, each with the lines it stands on.

const MOST_CHARS = 1_500

export interface Chunk {
  text: string
  /** Counted from 1. */
  from: number
  to: number
}

/** At empty lines and headings where that fits; a longer paragraph at its lines, a longer line at its spaces. */
export function chunksOf(text: string): Chunk[] {
  const found: Chunk[] = []
  let open: Chunk | null = null
  const close = () => {
    if (open?.text.trim()) found.push({ ...open, text: open.text.trimEnd() })
    open = null
  }
  text.split(/\r?\n/).forEach((line, index) => {
    const isHeading = /^#{1,6} /.test(line)
    if (isHeading || (open && open.text.length + line.length > MOST_CHARS)) close()
    for (const part of partsOf(line)) {
      if (open && open.text.length + part.length > MOST_CHARS) close()
      open = open
        ? { ...open, text: `${open.text}${part}\n`, to: index + 1 }
        : { text: `${part}\n`, from: index + 1, to: index + 1 }
    }
  })
  close()
  return found
}

function partsOf(line: string): string[] {
  if (line.length <= MOST_CHARS) return [line]
  const parts: string[] = []
  for (let rest = line; rest; ) {
    const space = rest.length > MOST_CHARS ? rest.lastIndexOf(' ', MOST_CHARS) : rest.length
    const end = space > MOST_CHARS / 2 ? space : wholeUntil(rest, MOST_CHARS)
    parts.push(rest.slice(0, end).trim())
    rest = rest.slice(end)
  }
  return parts
}

/** Never in the middle of a pair. */
function wholeUntil(text: string, most: number): number {
  if (text.length <= most) return text.length
  const last = text.charCodeAt(most - 1)
  return last >= 0xd800 && last <= 0xdbff ? most - 1 : most
}
