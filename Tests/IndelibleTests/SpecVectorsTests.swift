import ExecutionModel
import Foundation
import IndelibleTesting
import Testing

@testable import Indelible

/// The vectors of SPEC.md, section 6: another program must come to the same.
@Suite struct SpecVectorsTests {
    private static let execution = ExecutionID(
        number: ExecutionNumber(17), secret: RandomBits(high: 0x0011_2233_4455_6677, low: 0x8899_AABB_CCDD_EEFF))

    @Test func `chance follows from the execution and the place`() {
        var root = DurableRandom(execution: Self.execution, context: nil)
        var inside = root.inside(1)
        #expect([root.next(), root.next()] == [14_173_391_626_192_159_872, 6_837_292_161_607_904_189])
        #expect(inside.next() == 14_164_740_219_653_441_547)
        var context = DurableRandom(execution: Self.execution, context: OperationID("2"))
        #expect(context.next() == 7_852_175_053_509_925_233)
    }

    @Test(
        arguments: [
            ("", 14_173_391_626_192_159_872, "7C9D656F-2B92-4F09-8684-0826B1BD11D2"),
            ("2-", 7_852_175_053_509_925_233, "C6F385E7-0240-4517-9830-9AE43BBB7B05"),
        ] as [(String, UInt64, String)])
    func `a UUID follows from the place and a number of chance`(prefix: String, number: UInt64, text: String) {
        #expect(UUID(execution: Self.execution, prefix: prefix, number: number).uuidString == text)
    }

    @Test func `jitter and idempotency keys are hashes under the check of the execution's id`() {
        let check = Self.execution.check
        #expect(SipHash128(of: "jitter/1/2".utf8, key: check).unitInterval == 0.768_886_854_798_507_7)
        let key = SipHash128(of: "idempotency/1".utf8, key: check).digest
        #expect("\(key)" == "92967f34c395ffb5cd77050b49fbde54")
    }

    @Test func `a patch is named, and not counted`() async throws {
        let function = DurableFunction("patch") { (context: DurableContext) in
            _ = try await context.patched("new-fee")
            try await context.step { _ in }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        try await execution.result()
        let ids = try await execution.history().compactMap { $0.operation?.path }
        #expect(Set(ids) == ["p3311b5d8f8ab1dcf3d09c3ca250386a6", "1"])
    }
}
