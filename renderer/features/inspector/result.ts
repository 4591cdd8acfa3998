// What a call returned, taken apart into blocks that each have one safe way to be shown.
import { z } from 'zod'
import type { CallOutcome } from '../../../contract/calls.ts'

/** One piece of an answer. `src` is always a data: address of a kind on our list, made by us. */
export type Block =
  | { kind: 'text'; text: string; markdown: boolean }
  | { kind: 'image'; src: string; mime: string; bytes: number }
  | { kind: 'audio'; src: string; mime: string; bytes: number }
  | { kind: 'link'; uri: string; name: string; words: string | null; mime: string | null }
  | { kind: 'resource'; uri: string; mime: string | null; text: string }
  | { kind: 'binary'; uri: string | null; mime: string; bytes: number }
  | { kind: 'other'; json: unknown }

export interface Answer {
  kind: CallOutcome['kind']
  /** Who speaks each block: a prompt's messages have a role. */
  blocks: { role: string | null; block: Block }[]
  structured: unknown
  /** The JSON-RPC error, for a protocol error. */
  error: { code: number | null; message: string; data: unknown } | null
  /** The whole result, parsed, or its text where it is no JSON. */
  whole: unknown
}

const IMAGES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp']
const AUDIO = [
  'audio/wav',
  'audio/x-wav',
  'audio/mpeg',
  'audio/mp3',
  'audio/ogg',
  'audio/webm',
  'audio/mp4',
  'audio/flac',
]
const BASE64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/

const Text = z.looseObject({ type: z.literal('text'), text: z.string() })
const Media = z.looseObject({ type: z.enum(['image', 'audio']), data: z.string(), mimeType: z.string() })
const Link = z.looseObject({
  type: z.literal('resource_link'),
  uri: z.string(),
  name: z.string().default(''),
  description: z.string().optional(),
  mimeType: z.string().optional(),
})
const Contents = z.looseObject({
  uri: z.string(),
  mimeType: z.string().optional(),
  text: z.string().optional(),
  blob: z.string().optional(),
})
const Embedded = z.looseObject({ type: z.literal('resource'), resource: Contents })
const Result = z.looseObject({
  content: z.array(z.unknown()).optional(),
  contents: z.array(z.unknown()).optional(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown() })).optional(),
  structuredContent: z.unknown().optional(),
})
const RpcError = z.looseObject({ code: z.number().optional(), message: z.string(), data: z.unknown().optional() })

/** The answer to a call, a read or a prompt, whatever the server put into it. */
export function answerOf(outcome: Pick<CallOutcome, 'kind' | 'result'>): Answer {
  const whole = parsed(outcome.result)
  const none = { kind: outcome.kind, blocks: [], structured: undefined, error: null, whole }
  if (outcome.kind === 'protocol-error') {
    const inner = z.looseObject({ error: RpcError }).safeParse(whole)
    const error = inner.success ? inner.data.error : RpcError.safeParse(whole).data
    return {
      ...none,
      error: error
        ? { code: error.code ?? null, message: error.message, data: error.data }
        : { code: null, message: outcome.result, data: undefined },
    }
  }
  const result = Result.safeParse(whole)
  if (!result.success) return { ...none, blocks: [{ role: null, block: { kind: 'other', json: whole } }] }
  const { content = [], contents = [], messages = [], structuredContent } = result.data
  return {
    ...none,
    structured: structuredContent,
    blocks: [
      ...content.map(one => ({ role: null, block: blockOf(one) })),
      ...contents.map(one => ({ role: null, block: contentsBlock(one) })),
      ...messages.map(one => ({ role: one.role, block: blockOf(one.content) })),
    ],
  }
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function blockOf(one: unknown): Block {
  const text = Text.safeParse(one)
  if (text.success) return { kind: 'text', text: text.data.text, markdown: looksLikeMarkdown(text.data.text) }
  const media = Media.safeParse(one)
  if (media.success) return mediaBlock(media.data.data, media.data.mimeType, null)
  const link = Link.safeParse(one)
  if (link.success) {
    const { uri, name, description = null, mimeType = null } = link.data
    return { kind: 'link', uri, name, words: description, mime: mimeType }
  }
  const embedded = Embedded.safeParse(one)
  return embedded.success ? contentsBlock(embedded.data.resource) : { kind: 'other', json: one }
}

function contentsBlock(one: unknown): Block {
  const contents = Contents.safeParse(one)
  if (!contents.success) return { kind: 'other', json: one }
  const { uri, mimeType = null, text, blob } = contents.data
  if (text !== undefined) return { kind: 'resource', uri, mime: mimeType, text }
  return mediaBlock(blob ?? '', mimeType ?? 'application/octet-stream', uri)
}

/** Only base64 of a listed raster or audio kind becomes a data: address; everything else is named with its size. */
function mediaBlock(data: string, mimeType: string, uri: string | null): Block {
  const mime = mimeType.toLowerCase().split(';')[0]!.trim()
  const clean = data.replace(/\s/g, '')
  const bytes = Math.max(
    0,
    Math.floor((clean.length * 3) / 4) - (clean.endsWith('==') ? 2 : clean.endsWith('=') ? 1 : 0),
  )
  if (BASE64.test(data) && bytes > 0) {
    if (IMAGES.includes(mime)) return { kind: 'image', src: `data:${mime};base64,${clean}`, mime, bytes }
    if (AUDIO.includes(mime)) return { kind: 'audio', src: `data:${mime};base64,${clean}`, mime, bytes }
  }
  return { kind: 'binary', uri, mime: mimeType, bytes }
}

const looksLikeMarkdown = (text: string) => /^(#{1,6} |[-*] |\d+\. |```|\|.*\|)/m.test(text)

/** Rows for a table: the value itself, or its first member that is a list of objects. */
export function tableOf(value: unknown): { path: string; columns: string[]; rows: Record<string, unknown>[] } | null {
  const own = rowsOf(value)
  if (own) return { path: '', ...own }
  if (!isObject(value)) return null
  for (const [path, member] of Object.entries(value)) {
    const inner = rowsOf(member)
    if (inner) return { path, ...inner }
  }
  return null
}

function rowsOf(value: unknown): { columns: string[]; rows: Record<string, unknown>[] } | null {
  if (!Array.isArray(value) || value.length === 0 || !value.every(isObject)) return null
  const columns = [...new Set(value.flatMap(row => Object.keys(row)))]
  return columns.length > 0 && columns.length <= 12 ? { columns, rows: value } : null
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
