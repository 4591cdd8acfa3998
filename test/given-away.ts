// The forms in which a secret may stand somewhere, written by other means than the redactor's own list of them.

/** As latin1, to be looked for in files of any kind. */
export function givenAway(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1)
  const bytes = Buffer.from(secret)
  const inner = [0, 1, 2].map(lead =>
    Buffer.concat([Buffer.alloc(lead, 97), bytes])
      .toString('base64')
      .replace(/=+$/, '')
      .slice(lead === 0 ? 0 : 4, -4),
  )
  return [
    secret,
    json,
    JSON.stringify(json).slice(1, -1),
    json.replaceAll('/', '\\/'),
    encodeURIComponent(secret),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...inner,
    ...inner.map(text => text.replaceAll('+', '-').replaceAll('/', '_')),
  ].map(form => Buffer.from(form).toString('latin1'))
}
