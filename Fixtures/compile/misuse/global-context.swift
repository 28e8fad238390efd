import Indelible

var kept: DurableContext?  // error: is not concurrency-safe
