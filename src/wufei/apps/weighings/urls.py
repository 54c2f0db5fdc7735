"""The addresses of the weighings."""

from django.urls import path

from wufei.apps.weighings import views

app_name = "weighings"

urlpatterns = [
    path("", views.tickets, name="tickets"),
    path("new/", views.new_ticket, name="ticket-new"),
    path("export.xlsx", views.export, name="export"),
    path("template.xlsx", views.template, name="template"),
    path("imports/", views.import_list, name="imports"),
    path("imports/new/", views.new_import, name="import-new"),
    path("imports/<int:pk>/", views.one_import, name="import"),
    path("imports/<int:pk>/file/", views.import_file, name="import-file"),
    path("imports/<int:pk>/accept/", views.accept, name="accept"),
    path("imports/<int:pk>/undo/", views.undo, name="undo"),
    path("<int:pk>/", views.ticket, name="ticket"),
    path("<int:pk>/undo/", views.undo_ticket, name="undo-ticket"),
]
