// This Gatehouse's version, from package.json; a bundle replaces the import by its text.
import manifest from '../package.json' with { type: 'json' }

export const VERSION: string = manifest.version
