extension Duration {
    /// `count` times 60 seconds.
    public static func minutes(_ count: some BinaryInteger) -> Duration { .seconds(Int64(count) * 60) }

    /// `count` times 60 minutes.
    public static func hours(_ count: some BinaryInteger) -> Duration { .seconds(Int64(count) * 3_600) }

    /// `count` times 24 hours: a length of time, not a change of date.
    public static func days(_ count: some BinaryInteger) -> Duration { .seconds(Int64(count) * 86_400) }
}
