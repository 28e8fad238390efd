import LogStorage
import Synchronization

/// What happened in a simulation, as a hash that two equal runs share, and as lines for who wants to read them.
final class Trace: Sendable {
    private let state: Mutex<State>
    private let print: (@Sendable (String) -> Void)?

    private struct State {
        var digest = Digest()
        var step = 0
        /// Jobs since the last line.
        var jobCount = 0
    }

    /// - Parameter print: Is given each line; nil: only the hash is made.
    init(print: (@Sendable (String) -> Void)? = nil) {
        self.print = print
        state = Mutex(State())
    }

    var digest: UInt64 { state.withLock { $0.digest.value } }

    func begin(step: Int) { state.withLock { $0.step = step } }

    /// Notes that a job ran, of so many.
    func job(of count: Int) {
        state.withLock { state in
            state.digest.mix(UInt64(count))
            state.jobCount += 1
        }
    }

    func say(_ what: @autoclosure () -> String) {
        let what = what()
        let line = state.withLock { state in
            state.digest.mix(what)
            defer { state.jobCount = 0 }
            guard print != nil else { return "" }
            let jobs = state.jobCount > 0 ? "       \(state.jobCount) jobs\n" : ""
            return "\(jobs)\(String(repeating: " ", count: max(0, 6 - "\(state.step)".count)))\(state.step) \(what)"
        }
        print?(line)
    }
}

/// A 64-bit hash that is the same in every process, unlike `Hasher`'s.
struct Digest: Sendable {
    private(set) var value: UInt64 = 0x9E37_79B9_7F4A_7C15

    mutating func mix(_ word: UInt64) {
        var mixer = SplitMix64(seed: value ^ word)
        value = mixer.next()
    }

    mutating func mix(_ text: String) {
        mix(bytes: Array(text.utf8))
    }

    mutating func mix(bytes: [UInt8]) {
        mix(UInt64(bytes.count))
        var offset = 0
        bytes.withUnsafeBytes { bytes in
            while offset + 8 <= bytes.count {
                mix(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
                offset += 8
            }
            while offset < bytes.count {
                mix(UInt64(bytes[offset]))
                offset += 1
            }
        }
    }
}
