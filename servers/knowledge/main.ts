// Starts the knowledge server on stdio: node servers/knowledge/main.ts FOLDER…
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { Roots } from '../kit/roots.ts'
import { serve } from '../kit/serve.ts'
import { openState } from '../kit/state.ts'
import { Tasks } from '../kit/tasks.ts'
import { look } from '../kit/upstream.ts'
import { defineAddFolder } from './folder.ts'
import { PineconeIndex } from './pinecone.ts'
import { PineconeLibrary } from './pinecone-library.ts'
import { knowledgeServer, NAME, VERSION } from './server.ts'
import { SETTINGS } from './settings.ts'
import { placeOfShelf, Shelf } from './shelf.ts'

const LOCAL = 'what each knows is listed in a file of its own. Set it to 1; or set PINECONE_API_KEY and STATE_URL.'

serve({
  name: NAME,
  version: VERSION,
  settings: SETTINGS,
  make(kit, settings) {
    const { KNOWLEDGE_FILE, KEEP_OUT, PINECONE_API_KEY, PINECONE_INDEX_HOST } = settings
    const { positionals } = parseArgs({ allowPositionals: true })
    if ((PINECONE_API_KEY === undefined) !== (PINECONE_INDEX_HOST === undefined))
      throw new Error('PINECONE_API_KEY and PINECONE_INDEX_HOST go together: set both, or neither.')
    const file = KNOWLEDGE_FILE ?? placeOfShelf()
    const roots = new Roots(positionals, [
      ...(KEEP_OUT ? [KEEP_OUT] : []),
      ...(file === ':memory:' ? [] : [dirname(file)]),
    ])
    const beside = file === ':memory:' ? file : join(dirname(file), 'state.db')
    const state = openState(NAME, { ...settings, STATE_FILE: settings.STATE_FILE ?? beside })
    const index = PINECONE_API_KEY
      ? new PineconeIndex({
          apiKey: PINECONE_API_KEY,
          host: PINECONE_INDEX_HOST!,
          namespace: settings.PINECONE_NAMESPACE,
          textField: settings.PINECONE_TEXT_FIELD,
        })
      : null
    const library = index ? new PineconeLibrary(index, state) : new Shelf(file)
    const knowing = { roots, library, tasks: new Tasks(state) }
    defineAddFolder(knowing)
    return {
      ...(index && settings.STATE_URL ? {} : { local: LOCAL }),
      server: () => knowledgeServer(kit, knowing),
      ready: signal => look(() => library.ready(signal)),
      close: async () => {
        await knowing.tasks.close()
        await state.close()
      },
    }
  },
})
