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
  PINECONE_INDEX_HOST: z.string().optional().describe('The host of an index that embeds by itself'),
  PINECONE_NAMESPACE: z.string().default('gatehouse').describe('The part of the index that is used'),
  PINECONE_TEXT_FIELD: z.string().default('chunk_text').describe('The field that the index embeds'),
  ...STATE_SETTINGS,
}
