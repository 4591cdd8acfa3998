// The least that a bridge can be: bytes carried unread between its client and a socket.
import { connect } from 'node:net'

const socket = connect(process.argv[2] ?? '')
process.stdin.pipe(socket).pipe(process.stdout)
socket.on('error', () => process.exit(1)).once('close', () => process.exit(0))
