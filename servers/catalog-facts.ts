// What each server is for, for whoever chooses one. What it can be told stands in its own settings.ts.

export interface Facts {
  title: string
  /** One sentence, without a full stop. */
  does: string
  /** What it takes from this computer where nothing is set: a noun. */
  uses?: string
  /** Settings without which its calls only say what is missing. */
  needs?: readonly string[]
  /** A setting, and those that are needed when it is set. */
  along?: Readonly<Record<string, readonly string[]>>
  /** Asked for first; the rest is there when wanted. */
  first?: readonly string[]
  /** Values that a gate in front of it gives where nothing else is chosen, and why. */
  given?: Readonly<Record<string, { value: string; because: string }>>
  /** Folders it is started with. */
  folders?: { label: string; needed: boolean }
  /** Arguments that allow more; off by default. */
  switches?: readonly { argument: string; label: string; hint: string }[]
  /** A call that changes nothing. */
  example: { tool: string; arguments: Readonly<Record<string, unknown>>; says: string }
}

export const FACTS: Readonly<Record<string, Facts>> = {
  aws: {
    title: 'AWS',
    does: 'Instances, buckets and metrics of an AWS account; starts and stops instances',
    uses: 'your AWS profile',
    first: ['AWS_REGION', 'AWS_PROFILE', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
    along: { AWS_ACCESS_KEY_ID: ['AWS_SECRET_ACCESS_KEY'], AWS_SECRET_ACCESS_KEY: ['AWS_ACCESS_KEY_ID'] },
    example: { tool: 'get_caller_identity', arguments: {}, says: 'Asks AWS as whom it acts' },
  },
  data: {
    title: 'Data',
    does: 'Reads, converts, profiles and compares JSON, CSV, XML and YAML',
    example: {
      tool: 'profile_table',
      arguments: { data: 'city,people\nBerlin,3878100\nPotsdam,187119', format: 'csv' },
      says: 'Profiles a table of two rows',
    },
  },
  deployments: {
    title: 'Deployments',
    does: 'Checks, starts, approves, watches and rolls back deployments; with a demo that deploys nothing',
    first: ['DEPLOYMENTS_URL', 'OAUTH_TOKEN_URL', 'OAUTH_CLIENT_ID', 'OAUTH_CLIENT_SECRET', 'DEPLOY_PERMISSIONS'],
    along: {
      OAUTH_TOKEN_URL: ['DEPLOYMENTS_URL', 'OAUTH_CLIENT_ID', 'OAUTH_CLIENT_SECRET'],
      OAUTH_CLIENT_ID: ['OAUTH_TOKEN_URL'],
      OAUTH_CLIENT_SECRET: ['OAUTH_TOKEN_URL'],
    },
    example: { tool: 'list_services', arguments: {}, says: 'Lists the services there are' },
  },
  files: {
    title: 'Files',
    does: 'Reads and searches files in the folders you name; writes, moves and deletes if you allow it',
    folders: { label: 'Folders it may use', needed: true },
    switches: [
      {
        argument: '--allow-writing',
        label: 'It may also write, move and delete there',
        hint: 'Each such call still asks you first; what is deleted goes to a trash and can be restored.',
      },
    ],
    example: { tool: 'list_files', arguments: { directory: '.' }, says: 'Lists the first folder' },
  },
  github: {
    title: 'GitHub',
    does: 'Repositories, issues, pull requests and code; comments, opens issues, merges and deletes branches',
    needs: ['GITHUB_TOKEN'],
    example: { tool: 'list_repositories', arguments: { per_page: 5 }, says: 'Lists five of your repositories' },
  },
  knowledge: {
    title: 'Knowledge',
    does: 'Takes in documents and finds what they say, by their words or with Pinecone by their meaning',
    first: ['PINECONE_API_KEY', 'PINECONE_INDEX_HOST'],
    along: { PINECONE_API_KEY: ['PINECONE_INDEX_HOST'], PINECONE_INDEX_HOST: ['PINECONE_API_KEY'] },
    folders: { label: 'Folders it may take documents from', needed: false },
    example: { tool: 'list_sources', arguments: {}, says: 'Lists what it knows' },
  },
  kubernetes: {
    title: 'Kubernetes',
    does: 'Pods, deployments, logs and events of one cluster; says what is wrong, scales, restarts and applies',
    uses: 'your kubeconfig',
    first: ['KUBE_CONTEXT', 'KUBECONFIG', 'PROTECTED_NAMESPACES'],
    given: {
      PROTECTED_NAMESPACES: {
        value: 'kube-system',
        because: 'What changes production and prod asks you, with a typed confirmation: the policy guards them',
      },
    },
    example: { tool: 'list_namespaces', arguments: {}, says: 'Lists the namespaces' },
  },
  monitoring: {
    title: 'Monitoring',
    does: 'Asks services whether they are up, and Prometheus for metrics, charts and alerts',
    needs: ['PROMETHEUS_URL'],
    first: ['PROMETHEUS_TOKEN', 'HEALTH_ALLOW'],
    example: { tool: 'list_alerts', arguments: {}, says: 'Lists the alerts' },
  },
  payments: {
    title: 'Payments (Stripe)',
    does: 'Customers, invoices and payments of a Stripe account; charges and refunds within limits, each key once',
    needs: ['STRIPE_API_KEY'],
    first: ['ALLOW_LIVE', 'MOST_PER_CALL', 'MOST_PER_DAY'],
    example: { tool: 'list_payments', arguments: { limit: 5 }, says: 'Lists the newest five payments' },
  },
  postgres: {
    title: 'PostgreSQL',
    does: 'Looks into one database and queries it; changes it when told to twice. Brings an embedded one',
    first: ['DATABASE_URL', 'EMBEDDED_FOLDER'],
    example: {
      tool: 'query_database',
      arguments: { query: 'SELECT version()' },
      says: 'Asks the database for its version',
    },
  },
}
