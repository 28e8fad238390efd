/// Where the log gets the time: for creation times, and for how long it has been idle.
package protocol LogClock: Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z. May step: the log takes a clock that went back for one that has waited
    /// long enough.
    func now() -> Int64
}
