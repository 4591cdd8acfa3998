// Words of a server, a client or a model: isolated, capped, with hidden characters shown, and always marked as theirs.
import { type ReactNode, useState } from 'react'
import css from './marks.module.css'

/** Controls, bidi overrides and invisible characters that could make a text look like another one. */
const HIDDEN =
  /(?![\t\n])\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}|\u115f|\u1160|\u17b4|\u17b5|\u3164|\uffa0|(?<!\p{Extended_Pictographic})\p{Variation_Selector}/gu

/** A text with every hidden character in its place as its code point. */
export function shown(text: string): ReactNode[] {
  const parts: ReactNode[] = []
  let at = 0
  for (const match of text.matchAll(HIDDEN)) {
    if (match[0] === '\r' && text[match.index + 1] === '\n') continue
    parts.push(text.slice(at, match.index))
    parts.push(
      <span key={match.index} className={css.hidden} title="A character that is not seen">
        U+{match[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}
      </span>,
    )
    at = match.index + match[0].length
  }
  parts.push(text.slice(at))
  return parts
}

/** The same as plain text, for parts that take nothing else. */
export const seen = (text: string): string =>
  text.replace(HIDDEN, (one: string, at: number) =>
    one === '\r' && text[at + 1] === '\n'
      ? one
      : `U+${one.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`,
  )

/** Foreign text in a line. `max` characters are shown, then a button for the rest. */
export function Foreign({ text, max = 600, mono = false }: { text: string; max?: number; mono?: boolean }) {
  const [whole, setWhole] = useState(false)
  const cut = !whole && text.length > max
  return (
    <bdi className={`${css.foreign} ${mono ? 'mono' : ''}`}>
      {shown(cut ? text.slice(0, max) : text)}
      {cut && (
        <>
          …{' '}
          <button type="button" className={css.more} onClick={() => setWhole(true)}>
            {(text.length - max).toLocaleString('en')} more characters
          </button>
        </>
      )}
    </bdi>
  )
}

/** A sentence of theirs behind a grey rule, ending in "kubernetes says". */
export function Said({ text, by, max = 600 }: { text: string; by: string; max?: number }) {
  return (
    <div className={css.said}>
      <Foreign text={text} max={max} /> <span className={css.by}>{by} says</span>
    </div>
  )
}
