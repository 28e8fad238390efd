import Foundation

enum Talk {
    static func say(_ text: String) {
        FileHandle.standardError.write(Data("demo-gateway: \(text)\n".utf8))
    }

    static func fatal(_ text: String) -> Never {
        say(text)
        exit(3)
    }
}
