// Starts the aws server on stdio: node servers/aws/main.ts
import { serve } from '../kit/serve.ts'
import { Aws } from './aws.ts'
import { awsServer, NAME, VERSION } from './server.ts'
import { SETTINGS } from './settings.ts'

serve({
  name: NAME,
  version: VERSION,
  settings: SETTINGS,
  make(kit, { AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL, PROTECTED_ENVIRONMENTS }) {
    if ((AWS_ACCESS_KEY_ID === undefined) !== (AWS_SECRET_ACCESS_KEY === undefined))
      throw new Error('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together: set both, or neither.')
    const aws = new Aws({ region: AWS_REGION, endpoint: AWS_ENDPOINT_URL })
    return {
      server: () => awsServer(kit, aws, PROTECTED_ENVIRONMENTS),
      ready: signal => aws.ask('sts:GetCallerIdentity', { signal }, (sts, o) => sts.getCallerIdentity({}, o)),
    }
  },
})
