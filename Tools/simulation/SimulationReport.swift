/// What a run of one seed came to.
package struct SimulationReport: Sendable, Codable {
    package var seed: UInt64
    package var steps: Int
    /// The promises that were broken, in words; empty: none.
    package var broken: [String] = []
    /// Equal for equal runs, to the last byte on the disk.
    package var digest: UInt64 = 0
    package var counts = Counts()

    /// How much there was to survive.
    package struct Counts: Sendable, Equatable, Codable {
        package var jobs = 0
        package var executions = 0
        package var records = 0
        package var openings = 0
        package var powerLosses = 0
        package var kills = 0
        /// Openings that were refused, as they had to be: a disk that fails, or one that had lied.
        package var refusals = 0
        /// Runs that ended with damage that was found, after syncs that lied.
        package var damaged = 0
        /// Manifests, tables and footers that were damaged between two openings.
        package var damagedCaches = 0
        /// Engine snapshots, and files of the log that were made by compaction or for snapshots of executions.
        package var snapshots = 0
        package var rewrites = 0

        package static func += (sum: inout Counts, other: Counts) {
            sum.jobs += other.jobs
            sum.executions += other.executions
            sum.records += other.records
            sum.openings += other.openings
            sum.powerLosses += other.powerLosses
            sum.kills += other.kills
            sum.refusals += other.refusals
            sum.damaged += other.damaged
            sum.damagedCaches += other.damagedCaches
            sum.snapshots += other.snapshots
            sum.rewrites += other.rewrites
        }

        package init() {}
    }
}
