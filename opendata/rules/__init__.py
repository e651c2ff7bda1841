"""The rules of publication, as pure functions.

national grants schools features     what the law and the access point want
declared cells publishing            a declaration, its cells, what decides of publishing
freshness following                  how fresh a dataset is, and who is told
secrecy policies recoding withheld   statistical secrecy: who is hidden, and how
differencing witness                 what releases tell together; the proof checked
"""
