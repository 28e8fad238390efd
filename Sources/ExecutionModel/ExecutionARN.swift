/// The Amazon Resource Name of an execution: what AWS's clients and SDKs know it by.
///
/// `arn:<partition>:lambda:<region>:<account>:function:<function>:<version>/durable-execution/<name>/<id>`, in which the
/// last segment is the execution's id and the id of its EXECUTION operation.
package struct ExecutionARN: Hashable, Sendable {
    /// The part that says whose the function is. An embedded engine has no account, and says so in AWS's grammar.
    package struct Owner: Hashable, Sendable {
        package var partition: String
        package var region: String
        /// Twelve digits.
        package var account: String

        package init(partition: String, region: String, account: String) {
            self.partition = partition
            self.region = region
            self.account = account
        }

        package static let embedded = Owner(partition: "indelible", region: "local", account: "000000000000")
    }

    package var owner: Owner
    package var function: String
    package var version: String
    package var name: String
    package var id: ExecutionID

    package init(owner: Owner = .embedded, function: String, version: String, name: String, id: ExecutionID) {
        self.owner = owner
        self.function = function
        self.version = version
        self.name = name
        self.id = id
    }
}

extension ExecutionARN: CustomStringConvertible {
    package var description: String {
        "arn:\(owner.partition):lambda:\(owner.region):\(owner.account):function:\(function):\(version)"
            + "/durable-execution/\(name)/\(id)"
    }

    /// Reads what ``description`` wrote; nil for anything else. Whether its parts exist is another question.
    package init?(_ text: some StringProtocol) {
        let path = text.split(separator: "/", omittingEmptySubsequences: false)
        guard path.count == 4, path[1] == "durable-execution", !path[2].isEmpty, let id = ExecutionID(path[3]) else {
            return nil
        }
        let parts = path[0].split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 8, parts[0] == "arn", parts[2] == "lambda", parts[5] == "function",
            parts.allSatisfy({ !$0.isEmpty }), parts[4].utf8.count == 12,
            parts[4].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        self.init(
            owner: Owner(partition: String(parts[1]), region: String(parts[3]), account: String(parts[4])),
            function: String(parts[6]), version: String(parts[7]), name: String(path[2]), id: id)
    }
}
