// Starts the files server on stdio: node servers/files/main.ts FOLDER… [--allow-writing] [--refuse FOLDER]…
import { parseArgs } from 'node:util'
import { Roots } from '../kit/roots.ts'
import { serve } from '../kit/serve.ts'
import { filesServer, NAME, VERSION } from './server.ts'
import { SETTINGS } from './settings.ts'
import { placeOfTrash, Trash } from './trash.ts'

serve({
  name: NAME,
  version: VERSION,
  settings: SETTINGS,
  make(kit, settings) {
    const { KEEP_OUT, FILES_TRASH, TRASH_DAYS } = settings
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        'allow-writing': { type: 'boolean', default: false },
        refuse: { type: 'string', multiple: true, default: [] },
      },
    })
    const trash = new Trash(FILES_TRASH ?? placeOfTrash(), TRASH_DAYS)
    const refused = [...values.refuse, ...(KEEP_OUT ? [KEEP_OUT] : []), trash.folder]
    const roots = new Roots(positionals, refused)
    const mayWrite = values['allow-writing']
    return {
      server: filesServer(kit, { roots, trash, mayWrite, settings }),
      local: mayWrite && !FILES_TRASH ? 'each has a trash of its own. Set FILES_TRASH to a folder of all.' : null,
    }
  },
})
