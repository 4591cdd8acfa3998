// Starts the github server on stdio: GITHUB_TOKEN=… node servers/github/main.ts
import { z } from 'zod'
import { Failure } from '../kit/failure.ts'
import { serve } from '../kit/serve.ts'
import { GitHub } from './github.ts'
import { githubServer, NAME, VERSION } from './server.ts'
import { SETTINGS } from './settings.ts'

serve({
  name: NAME,
  version: VERSION,
  settings: SETTINGS,
  make(kit, { GITHUB_TOKEN, GITHUB_API_URL, PROTECTED_BRANCHES }) {
    const github = new GitHub({ token: GITHUB_TOKEN, url: GITHUB_API_URL }, kit.log)
    return {
      server: () => githubServer(kit, github, PROTECTED_BRANCHES),
      // It counts against no limit. GitHub Enterprise Server has none as a rule, and says so by a 404.
      ready: signal =>
        github.ask(z.object({}), 'GET /rate_limit', {}, { signal }).catch(error => {
          if (!(error instanceof Failure && error.kind === 'not_found')) throw error
        }),
    }
  },
})
