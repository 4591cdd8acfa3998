// Starts the kubernetes server on stdio: KUBECONFIG=… node servers/kubernetes/main.ts
import { serve } from '../kit/serve.ts'
import { Cluster } from './cluster.ts'
import { Namespaces } from './namespaces.ts'
import { kubernetesServer, NAME, VERSION } from './server.ts'
import { SETTINGS } from './settings.ts'

serve({
  name: NAME,
  version: VERSION,
  settings: SETTINGS,
  make(kit, settings) {
    const cluster = new Cluster(settings, kit.log)
    const namespaces = new Namespaces(cluster)
    return {
      server: () => kubernetesServer(kit, { cluster, namespaces, limits: settings }),
      ready: async signal => {
        const namespace = await cluster.defaultNamespace()
        await cluster.ask({ signal }, ({ core }) => core.listNamespacedPod({ namespace, limit: 1 }))
      },
    }
  },
})
