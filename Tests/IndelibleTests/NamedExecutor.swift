import Dispatch

/// An executor whose jobs can tell that they run on it.
final class NamedExecutor: TaskExecutor {
    private static let key = DispatchSpecificKey<String>()
    private let queue: DispatchQueue

    init(_ name: String) {
        queue = DispatchQueue(label: name)
        queue.setSpecific(key: Self.key, value: name)
    }

    /// The name of the executor that runs the caller; nil on any other thread.
    static var current: String? { DispatchQueue.getSpecific(key: key) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
