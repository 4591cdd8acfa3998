// What the knowledge server can be told by its environment.
import { z } from 'zod'
import { STATE_SETTINGS } from '../kit/state.ts'

export const SETTINGS = {
  KNOWLEDGE_FILE: z
    .string()
    .optional()
    .describe('Where what it knows is kept: `$XDG_STATE_HOME/knowledge-server/knowledge.db`'),
  KEEP_OUT: z.string().optional().describe('One more folder to refuse; Gatehouse names its data folder here'),
  PINECONE_API_KEY: z
    .string()
    .optional()
    .describe('With it and a host, Pinecone searches by meaning')
    .meta({ secret: true }),
  PINECONE_INDEX_HOST: z
    .string()
    .refine(isSafe, 'is a host as it stands in the Pinecone console; http:// is for this computer alone')
    .optional()
    .describe('The host of an index that embeds by itself'),
  PINECONE_NAMESPACE: z.string().default('gatehouse').describe('The part of the index that is used'),
  PINECONE_TEXT_FIELD: z.string().default('chunk_text').describe('The field that the index embeds'),
  ...STATE_SETTINGS,
}

/** The key and all texts go there. */
function isSafe(host: string): boolean {
  const url = /^https?:\/\//.test(host) ? host : `https://${host}`
  if (!URL.canParse(url)) return false
  const { protocol, hostname, username } = new URL(url)
  return username === '' && (protocol === 'https:' || ['127.0.0.1', 'localhost', '[::1]'].includes(hostname))
}
