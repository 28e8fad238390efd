import Foundation

/// Why a command ends without success: one line for people, and the exit code.
struct ToolFailure: Error {
    enum Code: Int32 {
        /// The answer is no: damage was found, nothing has that name.
        case no = 1
        case usage = 2
        /// The disk, the lock or a newer format is in the way.
        case couldNot = 3
    }

    var code: Code
    var message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// What is said to people: on standard error, so that standard output stays data.
enum Talk {
    static func say(_ text: String) {
        raw("indelible: \(text)")
    }

    static func raw(_ text: String) {
        // Without a standard error there is nobody to tell; the exit code remains.
        try? FileHandle.standardError.write(contentsOf: Data((text.hasSuffix("\n") ? text : text + "\n").utf8))
    }
}
