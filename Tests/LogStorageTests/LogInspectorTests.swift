import Testing

@testable import LogStorage

@Suite struct LogInspectorTests {
    /// Between any two of its calls the writer may append, sync, roll over, or close the log and open it again.
    @Test(arguments: TestSeeds.some(20))
    func `a look at a log that is written meanwhile finds no damage`(seed: UInt64) throws {
        let writer = try LiveWriter(seed: seed)
        for round in 0..<5 {
            let files = HookedFiles(writer.disk, before: { writer.goOn() })
            let report = try LogInspector(directory: LogFixture.directory, fileSystem: files).verify()
            #expect(report.isIntact, "INDELIBLE_SEED=\(seed), round \(round): \(report.problems)")
        }
    }
}
