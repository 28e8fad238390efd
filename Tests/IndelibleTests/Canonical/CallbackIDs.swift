import Indelible
import Synchronization

/// The ids of a handler's callbacks as those got them who are to answer, each once, in order.
final class CallbackIDs: Sendable {
    private let ids = Mutex<[CallbackID]>([])

    func note(_ id: CallbackID) {
        ids.withLock { if !$0.contains(id) { $0.append(id) } }
    }

    var all: [CallbackID] { ids.withLock { $0 } }

    subscript(index: Int) -> CallbackID { all[index] }
}
