import Dispatch
import Foundation

/// Waits until the process should end: SIGTERM, SIGINT, or the end of standard input, which the driver holds open.
package enum StopSignal {
    package static func wait() async {
        let (stream, stop) = AsyncStream.makeStream(of: Void.self)
        let sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { stop.yield() }
            source.resume()
            return source
        }
        let input = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO, queue: .global())
        input.setEventHandler {
            var byte: UInt8 = 0
            if read(STDIN_FILENO, &byte, 1) <= 0 { stop.yield() }
        }
        input.resume()
        for await _ in stream { break }
        for source in sources { source.cancel() }
        input.cancel()
    }
}
