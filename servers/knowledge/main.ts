// Starts the knowledge server on stdio: node servers/knowledge/main.ts FOLDER…

import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { Roots } from '../kit/roots.ts'
import { serve } from '../kit/serve.ts'
import { PineconeShelf } from './pinecone.ts'
import { knowledgeServer, NAME, VERSION } from './server.ts'
import { SETTINGS } from './settings.ts'
import { placeOfShelf, Shelf } from './shelf.ts'

serve({
  name: NAME,
  version: VERSION,
  settings: SETTINGS,
  make(
    kit,
    { KNOWLEDGE_FILE, KEEP_OUT, PINECONE_API_KEY, PINECONE_INDEX_HOST, PINECONE_NAMESPACE, PINECONE_TEXT_FIELD },
  ) {
    const { positionals } = parseArgs({ allowPositionals: true })
    if ((PINECONE_API_KEY === undefined) !== (PINECONE_INDEX_HOST === undefined))
      throw new Error('PINECONE_API_KEY and PINECONE_INDEX_HOST go together: set both, or neither.')
    const file = KNOWLEDGE_FILE ?? placeOfShelf()
    const roots = new Roots(positionals, [
      ...(KEEP_OUT ? [KEEP_OUT] : []),
      ...(file === ':memory:' ? [] : [dirname(file)]),
    ])
    // Opened when first needed: a server that is only listed makes no file.
    let shelf: Shelf | undefined
    const pinecone = PINECONE_API_KEY
      ? new PineconeShelf({
          apiKey: PINECONE_API_KEY,
          host: PINECONE_INDEX_HOST!,
          namespace: PINECONE_NAMESPACE,
          textField: PINECONE_TEXT_FIELD,
        })
      : null
    const opened = () => (shelf ??= new Shelf(file))
    return {
      server: () => knowledgeServer(kit, { roots, pinecone, shelf: opened }),
      ready: async () => opened().sources(),
    }
  },
})
