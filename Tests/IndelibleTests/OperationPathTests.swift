import ExecutionModel
import Testing

@testable import Indelible

@Suite struct OperationPathTests {
    @Test func `operations count from one and continue their context's id`() {
        var root = OperationPath(in: nil)
        #expect(root.next.rawValue == "1")
        #expect([root.take(), root.take()].map(\.rawValue) == ["1", "2"])
        var inner = OperationPath(in: OperationID("2-7"))
        #expect([inner.take(), inner.take()].map(\.rawValue) == ["2-7-1", "2-7-2"])
    }

    @Test func `an id of 64 characters stays, a longer one becomes a hash that differs by its path`() {
        let parent = String(repeating: "1", count: 62)
        var path = OperationPath(in: OperationID(parent))
        for _ in 1...9 { #expect(path.take().rawValue.utf8.count == 64) }
        let (tenth, eleventh) = (path.take(), path.take())
        #expect(tenth.rawValue.utf8.count == 33)
        #expect(tenth != eleventh)
    }
}
