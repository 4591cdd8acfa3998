// Reads what a server asks of a person into what a window shows: texts cut and without secrets, an address only of the web.
import type { Asked } from '../../contract/questions.ts'
import { isRecord, readForm, type Show, unreadable } from './read-form.ts'

const LONGEST_MESSAGE = 20_000
const LONGEST_URL = 8_192
const MOST_MESSAGES = 200

/** `identity` is equal for questions that ask the very same; null where none is like another. */
export interface Read {
  asked: Asked
  identity: string | null
}

/** Throws HubError 'questions/unreadable'. */
export function readQuestion(method: string, params: unknown, redact: (text: string) => string): Read {
  // Whole texts are cleaned before they are cut: half a secret would not be known as one.
  const show: Show = (text, most) => cut(redact(text.toWellFormed()), text.length, most)
  if (!isRecord(params)) throw unreadable('it has no params')
  if (method === 'sampling/createMessage') return { asked: readSampling(params, show), identity: null }
  const said = typeof params.message === 'string' ? params.message : ''
  const message = show(said, LONGEST_MESSAGE)
  const asked: Asked =
    params.mode === 'url'
      ? { kind: 'url', message, ...readUrl(params.url) }
      : { kind: 'form', message, fields: readForm(params.requestedSchema, said, show) }
  if (params.mode !== undefined && params.mode !== 'url' && params.mode !== 'form') {
    throw unreadable('its mode is neither form nor url')
  }
  return { asked, identity: said.length > LONGEST_MESSAGE ? null : JSON.stringify([asked, said]) }
}

function readUrl(given: unknown): { url: string; host: string; encrypted: boolean } {
  if (typeof given !== 'string' || given.length > LONGEST_URL || !URL.canParse(given)) {
    throw unreadable('its url is no address')
  }
  const url = new URL(given)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw unreadable('its url is neither http nor https')
  // "https://github.com@evil.example" reads as another host than it leads to.
  if (url.username || url.password) throw unreadable('its url carries a name or password')
  return { url: url.href, host: url.host, encrypted: url.protocol === 'https:' }
}

function readSampling(params: Record<string, unknown>, show: Show): Asked {
  if (!Array.isArray(params.messages)) throw unreadable('it has no messages')
  const { systemPrompt, maxTokens } = params
  const messages = params.messages.slice(-MOST_MESSAGES).map(one => {
    const role = isRecord(one) && typeof one.role === 'string' ? show(one.role, 20) : 'unknown'
    const content = isRecord(one) ? one.content : undefined
    const blocks = Array.isArray(content) ? content.slice(0, 50) : [content]
    return { role, text: show(blocks.map(words).join('\n\n'), LONGEST_MESSAGE) }
  })
  return {
    kind: 'sampling',
    system: typeof systemPrompt === 'string' ? show(systemPrompt, LONGEST_MESSAGE) : null,
    messages,
    maxTokens: typeof maxTokens === 'number' && Number.isFinite(maxTokens) ? maxTokens : null,
  }
}

/** A block of a message in words: text as it is, everything else named. */
function words(block: unknown): string {
  if (!isRecord(block)) return '[nothing]'
  if (block.type === 'text' && typeof block.text === 'string') return block.text
  const kind = typeof block.type === 'string' ? block.type.slice(0, 40) : 'something'
  const what = typeof block.mimeType === 'string' ? `, ${block.mimeType.slice(0, 80)}` : ''
  return `[${kind}${what}]`
}

function cut(text: string, all: number, most: number): string {
  if (text.length <= most) return text
  return `${text.slice(0, most).toWellFormed()}… cut here: ${all.toLocaleString('en')} characters in all`
}
