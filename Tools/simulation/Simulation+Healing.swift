import EngineRuntime
import ExecutionModel
import Indelible
import IndelibleTesting
import LogStorage

/// How a run ends: nothing fails any more, everybody answers, and whatever was started must come to its end.
extension Simulation {
    private static let roundsMax = 2_000

    mutating func heal() {
        trace.say("from here on all is well")
        guard becomesOpen() else { return }
        var idleCount = 0
        for _ in 0..<Self.roundsMax {
            settle()
            if isOver { return }
            guard life.phase == .open, !life.hasFailed else {
                guard becomesOpen() else { return }
                continue
            }
            checkAccounting()
            guard let open = openExecutions() else {
                if isLossy && life.hasNamedDamage { break }
                continue
            }
            if open.isEmpty { return finish() }
            for (callback, execution) in promises.facts.offered where open[execution] != nil {
                answer(callback, execution, how: 0)
            }
            for (id, isPaused) in open.sorted(by: { $0.key < $1.key }) where isPaused {
                change("resume", id, noting: { $0.resumptionCounts[$1, default: 0] += 1 }) { try await $0.resume($1) }
            }
            settle()
            let now = life.clock.now()
            // A moment that is far is known to the tables alone, and comes to memory as it comes near.
            idleCount = nextDeadline == nil ? idleCount + 1 : 0
            let soon = now.adding(Milliseconds(1_000 << Int64(min(idleCount, 12))))
            life.clock.set(to: max(nextDeadline ?? soon, now.adding(Milliseconds(50))))
        }
        // What a disk that lied has lost is found where it is read, and named.
        if isLossy, life.hasNamedDamage || !(life.runtime?.warnings ?? []).isEmpty {
            counts.damaged += 1
            hasFoundDamage = true
            return
        }
        let left = openExecutions()?.keys.sorted() ?? []
        promises.breaks("\(left.isEmpty ? "the engine" : left.joined(separator: ", ")) does not come to an end")
    }

    /// Brings the engine up, whatever state it is in.
    private mutating func becomesOpen() -> Bool {
        for _ in 0..<20 {
            life.disk.stopFailing()
            life.disk.capacity = .max
            settle()
            if isOver { return false }
            switch life.phase {
            case .open where !life.hasFailed: return true
            case .open: life.close(grace: .zero)
            case .closed: reopen("to go on")
            case .refused(let code, let reason): refused(code, reason)
            case .opening, .closing: life.clock.set(to: life.clock.now().adding(Milliseconds(1_000)))
            }
        }
        promises.breaks("the engine cannot be opened again, and is \(life.phase)")
        return false
    }

    /// Runs everything that can be run at this time.
    private mutating func settle() {
        for _ in 0..<1_000_000 {
            if life.executor.jobCount > 0 {
                runJob()
                continue
            }
            guard let runtime = life.runtime else { return }
            if runtime.stepWriter() || runtime.stepPreparer() || runtime.stepLoader() { continue }
            if runtime.runMaintenance() { continue }
            let due = [runtime.stepTimers(), life.clock.nextDeadline].compactMap(\.self).min()
            if life.executor.jobCount > 0 { continue }
            if let due, due <= life.clock.now() {
                life.clock.move(to: due)
                if life.executor.jobCount > 0 || runtime.stepWriter() || runtime.stepLoader() { continue }
            }
            if runtime.stepWriter() || runtime.stepLoader() { continue }
            return
        }
        promises.breaks("the engine does not come to rest")
    }

    /// What is said to be live has to be what is, at every rest.
    private func checkAccounting() {
        guard !isLossy, let runtime = life.runtime else { return }
        do {
            try promises.checkAccounting(of: runtime)
        } catch {
            promises.breaks("what is live cannot be counted: \(error)")
        }
    }

    /// Those that have not ended, and whether they are paused. Nil: nobody answers.
    private mutating func openExecutions() -> [String: Bool]? {
        let found = Found()
        life.call { engine in
            let list = try await engine.runtime.list()
            found.set(
                Dictionary(
                    uniqueKeysWithValues: list.filter { !$0.status.isTerminal }.map {
                        ($0.id.description, $0.pause != nil)
                    }))
        }
        settle()
        return found.value
    }

    /// Everything has ended: it must look the same after a close.
    private mutating func finish() {
        life.close(grace: .seconds(60))
        settle()
        for _ in 0..<5 where life.phase != .closed {
            life.clock.set(to: life.clock.now().adding(Milliseconds(60_000)))
            settle()
        }
        guard life.phase == .closed else { return promises.breaks("the engine does not close") }
        reopen("for the last look")
        settle()
        if case .refused(.damaged, _) = life.phase, isLossy {
            counts.damaged += 1
            hasFoundDamage = true
            return
        }
        guard life.phase == .open else { return promises.breaks("the engine that was closed is \(life.phase)") }
        life.check { [promises, program] engine in
            try await promises.check(engine, against: promises.facts, program, isOver: true)
        }
        settle()
        checkAccounting()
        if let damage = WrittenLog(life.disk).damage, !isLossy { promises.breaks("the log of a sound disk: \(damage)") }
        trace.say("all have ended")
    }
}
