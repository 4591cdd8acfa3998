// Starts the aws server on stdio: node servers/aws/main.ts
import { serve } from '../kit/serve.ts'
import { Aws } from './aws.ts'
import { awsServer, NAME, VERSION } from './server.ts'
import { SETTINGS } from './settings.ts'

serve({
  name: NAME,
  version: VERSION,
  settings: SETTINGS,
  make(kit, settings) {
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = settings
    if ((accessKeyId === undefined) !== (secretAccessKey === undefined))
      throw new Error('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together: set both, or neither.')
    const session = AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}
    const keys = accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey, ...session } : undefined
    const aws = new Aws({ region: settings.AWS_REGION, endpoint: settings.AWS_ENDPOINT_URL, keys })
    return {
      server: () => awsServer(kit, aws, settings.PROTECTED_ENVIRONMENTS),
      ready: signal => aws.ask('sts:GetCallerIdentity', { signal }, (sts, o) => sts.getCallerIdentity({}, o)),
    }
  },
})
