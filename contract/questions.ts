// What servers ask people: forms to fill in, pages to visit, models to be asked. Answered in the window alone.
import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { open, procedure } from './procedure.ts'

/** One field of a form, read from the server's schema and built anew; every text in it is the server's. */
export const FormField = z.object({
  name: z.string(),
  title: z.string().nullable(),
  description: z.string().nullable(),
  required: z.boolean(),
  /** It asks for what looks like a password or a key, which a form must not. */
  secret: z.boolean(),
  input: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('text'),
      format: z.enum(['email', 'uri', 'date', 'date-time']).nullable(),
      minLength: z.number().nullable(),
      maxLength: z.number().nullable(),
      /** Checked by the hub alone, as RE2. */
      pattern: z.string().nullable(),
      preset: z.string().nullable(),
    }),
    z.object({
      kind: z.literal('number'),
      integer: z.boolean(),
      min: z.number().nullable(),
      max: z.number().nullable(),
      preset: z.number().nullable(),
    }),
    z.object({ kind: z.literal('yes-no'), preset: z.boolean().nullable() }),
    z.object({
      kind: z.literal('choice'),
      options: z.array(z.object({ value: z.string(), title: z.string() })),
      many: z.boolean(),
      min: z.number().nullable(),
      max: z.number().nullable(),
      preset: z.array(z.string()),
    }),
  ]),
})
export type FormField = z.infer<typeof FormField>

/** What is asked. Texts are the server's own: cut, with secrets of yours removed. */
export const Asked = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('form'), message: z.string(), fields: z.array(FormField) }),
  z.object({
    kind: z.literal('url'),
    message: z.string(),
    url: z.string(),
    host: z.string(),
    encrypted: z.boolean(),
  }),
  z.object({
    kind: z.literal('sampling'),
    system: z.string().nullable(),
    messages: z.array(z.object({ role: z.string(), text: z.string() })),
    maxTokens: z.number().nullable(),
  }),
])
export type Asked = z.infer<typeof Asked>

const Asker = z.object({ id: z.string(), title: z.string() })

/** A question of a server that waits for a person, or did lately. Times: epoch ms. */
export const PersonQuestion = z.object({
  id: z.string(),
  server: z.object({ id: z.string(), name: z.string() }),
  /** Whose call it came from; with several it cannot be told which of them. */
  clients: z.array(Asker).min(1),
  method: z.enum(['elicitation/create', 'sampling/createMessage']),
  asked: Asked,
  /** How often the same was asked; one answer goes to all. */
  times: z.number(),
  askedAt: z.number(),
  /** When it ends without an answer. */
  until: z.number(),
  state: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('waiting') }),
    z.object({
      kind: z.literal('answered'),
      action: z.enum(['accept', 'decline', 'cancel']),
      by: z.string(),
      at: z.number(),
    }),
    z.object({ kind: z.literal('expired'), at: z.number() }),
    z.object({ kind: z.literal('withdrawn'), why: z.string(), at: z.number() }),
    /** Answered by a setting, without a person: shown as a notice. */
    z.object({ kind: z.literal('refused'), why: z.string(), at: z.number() }),
  ]),
})
export type PersonQuestion = z.infer<typeof PersonQuestion>

const Value = z.union([z.string().max(100_000), z.number(), z.boolean(), z.array(z.string().max(100_000)).max(1_000)])

/** What a person answers. `content`: a form's values; `text`: the words a model would have said. */
export const PersonAnswer = z.discriminatedUnion('action', [
  z.object({
    action: z.literal('accept'),
    content: z.record(z.string().max(200), Value).optional(),
    text: z.string().max(100_000).optional(),
  }),
  z.object({ action: z.literal('decline') }),
  z.object({ action: z.literal('cancel') }),
])
export type PersonAnswer = z.infer<typeof PersonAnswer>

export const questionsContract = {
  list: open.output(z.array(PersonQuestion)),
  /** The list now, and again whenever it changed: so that a terminal can say that its call waits. */
  watch: open.output(eventIterator(z.array(PersonQuestion))),
  answer: procedure.input(z.object({ id: z.string().max(100), answer: PersonAnswer })).output(PersonQuestion),
}
