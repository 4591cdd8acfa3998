// Words for the index: where a script sets no blanks between words, each two signs that stand together are one.

/** Chinese, Japanese, Thai, Lao, Khmer, Burmese. */
const DENSE =
  /[[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmr}\p{scx=Mymr}]&&[\p{L}\p{M}\p{N}]]+/gv
const MOST = 128

export function wordsOf(text: string): string {
  return text.replaceAll(DENSE, run => ` ${pairsOf(run).join(' ')} `)
}

/** With the marks that belong to each. */
const signsOf = (run: string) => run.match(/\P{M}\p{M}*|\p{M}+/gu) ?? []

function pairsOf(run: string): string[] {
  const signs = signsOf(run)
  return signs.length < 2 ? signs : signs.slice(1).map((sign, index) => `${signs[index]}${sign}`)
}

/** Any of the words, as FTS5 asks for them: each in quotes, so that no sign of a query is one of its language. Null: none. */
export function matchOf(query: string): string | null {
  const words = query.match(/[\p{L}\p{N}\p{M}]+/gu) ?? []
  const terms = words.flatMap(word => {
    const alone = word.match(DENSE)?.[0] === word && signsOf(word).length === 1
    return alone ? [`"${word}"*`] : (wordsOf(word).match(/\S+/g) ?? []).map(part => `"${part}"`)
  })
  return terms.length === 0 ? null : [...new Set(terms)].slice(0, MOST).join(' OR ')
}
