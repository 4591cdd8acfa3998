// Card numbers have no place here: texts that hold one are not taken, and what others wrote is told without them.

/** Digits as people write them, also in groups. */
const DIGITS = /\d+(?:[ .\-\u00a0]\d+)*/g

export function withoutCards(text: string): string {
  return text.replace(DIGITS, run => {
    const parts = run.split(/([ .\-\u00a0])/)
    for (let from = 0; from < parts.length; from += 2)
      for (let to = from; to < parts.length; to += 2) {
        const digits = parts
          .slice(from, to + 1)
          .join('')
          .replace(/\D/g, '')
        if (digits.length > 19) break
        if (isCard(digits)) parts.splice(from, to - from + 1, `•••• ${digits.slice(-4)}`)
      }
    return parts.join('')
  })
}

/** Also in digits of other scripts that look like ours. */
export function holdsCard(text: string): boolean {
  const plain = text.normalize('NFKC')
  return withoutCards(plain) !== plain
}

/** By how such numbers begin, how long they are, and the Luhn sum. */
function isCard(digits: string): boolean {
  if (!/^(?:[3-6]|2[2-7])\d{12,18}$/.test(digits)) return false
  const sum = [...digits].toReversed().reduce((sum, digit, n) => {
    const value = Number(digit) * (n % 2 === 0 ? 1 : 2)
    return sum + (value > 9 ? value - 9 : value)
  }, 0)
  return sum % 10 === 0
}
